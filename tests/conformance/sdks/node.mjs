// A program of Node.js, with the SDK that is named, which ends with an error.
const [, , dsn, sdk] = process.argv;
const Sentry = await import(sdk);

function charge(order) {
  throw new TypeError(`order ${order} has no lines`);
}

Sentry.init({ dsn, release: "web@1.2.3", environment: "production" });
Sentry.setTag("region", "eu-1");
Sentry.setUser({ id: "7", email: "dee@example.com" });
try {
  charge(7);
} catch (error) {
  Sentry.captureException(error);
}
await Sentry.flush(10_000);
