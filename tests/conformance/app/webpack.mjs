// Builds with webpack: its own command is another package, which this needs no more than a loader for TypeScript.
import { fileURLToPath } from "node:url";
import webpack from "webpack";
import { asked } from "./asked.mjs";

const { sentryWebpackPlugin } = await import(process.env.SHOP_PLUGIN);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const configuration = {
  mode: "production",
  target: "node",
  context: here("."),
  entry: "./src/main.ts",
  devtool: "source-map",
  output: { path: here("dist"), filename: "main.cjs" },
  externals: { "@sentry/node": "commonjs @sentry/node" },
  resolve: { extensions: [".ts"] },
  module: { rules: [{ test: /\.ts$/, use: here("typescript.mjs") }] },
  plugins: [sentryWebpackPlugin(asked)],
};

webpack(configuration, (error, stats) => {
  if (error) throw error;
  console.log(stats.toString());
  process.exitCode = stats.hasErrors() ? 1 : 0;
});
