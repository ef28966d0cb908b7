import { Injectable } from "@nestjs/common";

export interface Greeting {
  message: string;
}

@Injectable()
export class GreetingsService {
  greet(name: string): Greeting {
    return { message: `Hello, ${name.trim()}!` };
  }
}
