// The SDK of Node.js before 2018.
const [, , dsn, sdk] = process.argv;
const Raven = require(sdk);

function charge(order) {
  throw new TypeError(`order ${order} has no lines`);
}

Raven.config(dsn, { release: "web@1.2.3", environment: "production", tags: { region: "eu-1" } }).install();
Raven.mergeContext({ user: { id: "7", email: "dee@example.com" } });
try {
  charge(7);
} catch (error) {
  Raven.captureException(error, (failure) => process.exit(failure ? 1 : 0));
}
