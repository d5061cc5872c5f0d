// The script of a page, with the SDK of browsers.
import * as Sentry from "@sentry/browser";

function charge(order) {
  throw new TypeError(`order ${order} has no lines`);
}

Sentry.init({ dsn: window.dsn, release: "web@1.2.3", environment: "production" });
Sentry.setTag("region", "eu-1");
Sentry.setUser({ id: "7", email: "dee@example.com" });
setTimeout(() => charge(7));
