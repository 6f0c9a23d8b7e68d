// The repository has a lock of its own further up.
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL(".", import.meta.url));

export default {
  turbopack: { root },
  outputFileTracingRoot: root,
  transpilePackages: ["@rowcast/client"],
  experimental: { cpus: 1 },
};
