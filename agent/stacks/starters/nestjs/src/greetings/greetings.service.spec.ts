import { GreetingsService } from "./greetings.service";

describe("GreetingsService", () => {
  it("greets by name", () => {
    expect(new GreetingsService().greet(" Ada ")).toEqual({ message: "Hello, Ada!" });
  });
});
