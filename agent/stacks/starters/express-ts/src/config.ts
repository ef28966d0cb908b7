export interface Config {
  host: string;
  port: number;
}

/** Reads the settings from environment variables; throws with the name of the one that can't be used. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const port = Number(env.PORT ?? 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new Error(`PORT must be a number from 0 to 65535, not "${env.PORT}".`);
  }
  return { host: env.HOST ?? "0.0.0.0", port };
}
