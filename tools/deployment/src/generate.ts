import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './generated-files.ts';
import { settingNames } from './setting-names.ts';

const docker = fileURLToPath(new URL('../../../docker', import.meta.url));
for (const [path, content] of generatedFiles(settingNames())) writeFileSync(join(docker, path), content);
