/**
 * `npm pack` runs it: writes npm-shrinkwrap.json from package-lock.json, so that whoever installs the package gets exactly
 * the dependencies that were tested, by their hashes. Without those for development, and without the hosts they came
 * from. `--remove` takes it away again: beside package-lock.json it would decide what `npm ci` installs here.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

const path = 'npm-shrinkwrap.json';

if (process.argv[2] === '--remove') {
  rmSync(path, { force: true });
} else {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const packages = Object.entries(lock.packages)
    .filter(([, { dev, devOptional }]) => dev !== true && devOptional !== true)
    .map(([name, { resolved: _host, devDependencies: _dev, ...rest }]) => [name, rest]);
  const text = JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2);
  writeFileSync(path, `${text}\n`);
}
