import { type INestApplication, ValidationPipe } from "@nestjs/common";

/** What the application and its tests have in common. */
export function configure<T extends INestApplication>(app: T): T {
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
  return app;
}
