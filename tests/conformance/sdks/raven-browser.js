// The script of a page, with the SDK of browsers before 2018, which is loaded before it.
function charge(order) {
  throw new TypeError(`order ${order} has no lines`);
}

Raven.config(window.dsn, { release: "web@1.2.3", environment: "production", tags: { region: "eu-1" } }).install();
Raven.setUserContext({ id: "7", email: "dee@example.com" });
setTimeout(() => charge(7));
