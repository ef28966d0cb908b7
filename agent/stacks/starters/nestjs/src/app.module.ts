import { Module } from "@nestjs/common";

import { GreetingsModule } from "./greetings/greetings.module";
import { HealthModule } from "./health/health.module";

@Module({ imports: [HealthModule, GreetingsModule] })
export class AppModule {}
