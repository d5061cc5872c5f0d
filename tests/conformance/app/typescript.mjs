// A loader for TypeScript, by the compiler that vite brings.
import { transformWithOxc } from "vite";

export default function typescript(source) {
  const done = this.async();
  transformWithOxc(source, this.resourcePath, { sourcemap: true }).then(
    ({ code, map }) => done(null, code, map),
    done,
  );
}
