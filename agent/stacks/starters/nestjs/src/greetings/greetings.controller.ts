import { Body, Controller, Post } from "@nestjs/common";

import { CreateGreetingDto } from "./dto/create-greeting.dto";
import { type Greeting, GreetingsService } from "./greetings.service";

@Controller("greetings")
export class GreetingsController {
  constructor(private readonly greetings: GreetingsService) {}

  @Post()
  create(@Body() wanted: CreateGreetingDto): Greeting {
    return this.greetings.greet(wanted.name);
  }
}
