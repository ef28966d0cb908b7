import { createApp } from "./app.js";
import { readConfig } from "./config.js";

const { host, port } = readConfig(process.env);

const server = createApp().listen(port, host, (error) => {
  if (error) {
    throw error;
  }
  console.log(`Listening on http://${host}:${port}`);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => server.close());
}
