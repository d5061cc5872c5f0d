// A server of Node.js whose SDK counts requests as sessions, and its process as one: two requests, one of which fails.
const [, , dsn, sdk] = process.argv;
const Sentry = require(sdk);

Sentry.init({
  dsn,
  release: "web@1.2.3",
  environment: "production",
  integrations: [Sentry.httpIntegration({ sessionFlushingDelayMS: 100 })],
});
const http = require("node:http");

const server = http.createServer((request, response) => {
  if (request.url === "/fails/") {
    Sentry.captureException(new TypeError("order 7 has no lines"), {
      mechanism: { handled: false, type: "http" },
    });
    response.statusCode = 500;
  }
  response.end();
});

server.listen(0, async () => {
  for (const path of ["/", "/fails/"]) {
    await fetch(`http://127.0.0.1:${server.address().port}${path}`).then((answer) => answer.text());
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  server.close();
  await Sentry.flush(10_000);
});
