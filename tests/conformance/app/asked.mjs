// What the tests ask of a plugin, in the plugins' words; the credentials are in the environment.
const { SHOP_RELEASE, SHOP_DIST, SHOP_PROJECTS } = process.env;

export const asked = {
  org: process.env.SENTRY_ORG,
  project: SHOP_PROJECTS.split(","),
  authToken: process.env.SENTRY_AUTH_TOKEN,
  url: process.env.SENTRY_URL,
  telemetry: false,
  release: {
    name: SHOP_RELEASE,
    dist: SHOP_DIST,
    setCommits: { auto: true, ignoreMissing: true, ignoreEmpty: true },
    deploy: { env: "production" },
  },
  // Without this, what goes wrong is printed and the build is green.
  errorHandler(error) {
    throw error;
  },
};
