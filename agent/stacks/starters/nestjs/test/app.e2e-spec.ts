import type { INestApplication } from "@nestjs/common";
import { Test } from "@nestjs/testing";
import request from "supertest";

import { AppModule } from "../src/app.module";
import { configure } from "../src/configure";

describe("the application", () => {
  let app: INestApplication;

  beforeAll(async () => {
    const built = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = configure(built.createNestApplication());
    await app.init();
  });

  afterAll(() => app.close());

  it("says that it is up", () => request(app.getHttpServer()).get("/health").expect(200, { status: "ok" }));

  it("greets", () =>
    request(app.getHttpServer()).post("/greetings").send({ name: "Ada" }).expect(201, { message: "Hello, Ada!" }));

  it.each([{}, { name: "" }, { name: 3 }, { name: "Ada", admin: true }])("refuses %j", (body) =>
    request(app.getHttpServer()).post("/greetings").send(body).expect(400),
  );

  it("answers an unknown path with 404", () => request(app.getHttpServer()).get("/nowhere").expect(404));
});
