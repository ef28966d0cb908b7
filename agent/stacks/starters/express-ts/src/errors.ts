import type { ErrorRequestHandler, RequestHandler } from "express";

export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export const notFound: RequestHandler = (request) => {
  throw new HttpError(404, `There is nothing at ${request.method} ${request.path}.`);
};

/** Express knows an error handler by its four parameters. */
export const handleError: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  const status = typeof error?.status === "number" ? error.status : 500;
  if (status >= 500) {
    console.error(error);
  }
  response.status(status).json({ error: status >= 500 ? "Something went wrong." : String(error.message) });
};
