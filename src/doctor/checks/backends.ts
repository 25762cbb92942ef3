import {probeBackends, type ProbedBackend} from '../../runs/devices/select.js';
import {messageOf} from '../../errors.js';
import {ok, problem, warning, type DoctorContext, type Finding} from '../context.js';

/**
 * Every backend's probe, and what it says of itself beyond that. One that can run is enough. Of those that need a GPU
 * nothing is said where there is none: the check of the GPU has said it.
 */
export async function checkBackends({registry, gpus}: DoctorContext): Promise<Finding[]> {
  const probed = await probeBackends(registry);
  const needGpu = await Promise.all(probed.map(({name}) => needsGpu(name, registry)));
  const useless = registry.installable('backend').filter(({use}) => use && use() === undefined);
  const concerned = probed.filter(
    ({name, probe}, i) =>
      probe.ok || ((gpus?.length !== 0 || !needGpu[i]) && !useless.some((part) => part.name === name)),
  );
  const findings = await Promise.all(
    concerned.map(async (one) => [probeFinding(one), ...(await diagnosis(one.name, registry))]),
  );
  if (probed.some(({probe}) => probe.ok)) return findings.flat();
  return [
    ...findings.flat(),
    problem(
      'backends',
      'no backend can run here',
      probed.length === 0 ? 'npm install gan-plugin-wasm' : 'do what is said for one of the backends',
    ),
  ];
}

async function needsGpu(name: string, registry: DoctorContext['registry']): Promise<boolean> {
  const missing = registry.installable('backend').find((part) => part.name === name);
  const part = missing ?? (await registry.describe('backend', name).catch(() => undefined));
  return part?.needsGpu ?? false;
}

function probeFinding({name, probe}: ProbedBackend): Finding {
  const title = `backend ${name}`;
  if (!probe.ok) return warning(title, probe.why, probe.fix);
  const facts = Object.entries(probe.info ?? {}).map(([key, value]) => `${key} ${value}`);
  return ok(title, ['can run', ...facts].join(', '));
}

/** A broken backend has been reported by its probe. */
async function diagnosis(name: string, registry: DoctorContext['registry']): Promise<Finding[]> {
  try {
    const findings = await registry.diagnose(name);
    return findings.map(
      (finding) =>
        ({
          ...finding,
          name: `backend ${name}: ${finding.name}`,
          state: finding.state === 'problem' ? 'warning' : finding.state,
        }) as Finding,
    );
  } catch (error) {
    return [
      warning(
        `backend ${name}`,
        `its own check failed: ${messageOf(error)}`,
        'report this to the author of the plug-in',
      ),
    ];
  }
}
