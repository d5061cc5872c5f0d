import * as Sentry from "@sentry/node";
import { openShop } from "./shop";

// The plugin tells the SDK which release this is.
Sentry.init({ dsn: process.env.SENTRY_DSN });

openShop("Größe 42");
