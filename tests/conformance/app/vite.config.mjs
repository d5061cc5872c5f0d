import { asked } from "./asked.mjs";

const { sentryVitePlugin } = await import(process.env.SHOP_PLUGIN);

export default {
  build: { ssr: "src/main.ts", outDir: "dist", minify: true, sourcemap: true },
  plugins: [sentryVitePlugin(asked)],
};
