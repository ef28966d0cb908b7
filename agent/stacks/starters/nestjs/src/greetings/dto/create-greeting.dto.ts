import { IsNotEmpty, IsString, MaxLength } from "class-validator";

export class CreateGreetingDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(100)
  readonly name!: string;
}
