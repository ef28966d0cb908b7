import { NestFactory } from "@nestjs/core";

import { AppModule } from "./app.module";
import { configure } from "./configure";

async function bootstrap(): Promise<void> {
  const app = configure(await NestFactory.create(AppModule));
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000, process.env.HOST ?? "0.0.0.0");
}

void bootstrap();
