/** Run in a process of its own by probe.ts: looks for an adapter and prints what it found. */
import {findAdapter, type Wanted} from './dawn.js';
import {factsOf, type Findings} from './findings.js';

async function search(wanted: Wanted): Promise<Findings> {
  try {
    const found = await findAdapter(wanted);
    if (!found.gpu) return {found: false, ...found};
    return {found: true, adapter: factsOf(found.name, found.adapter), adapters: found.adapters};
  } catch (error) {
    return {found: false, adapters: [], error: error instanceof Error ? error.message : String(error)};
  }
}

const findings = await search(JSON.parse(process.argv[2] ?? '{}') as Wanted);
process.stdout.write(`\n${JSON.stringify(findings)}\n`);
