import {passed, strain, worst, type CaseResult} from 'gankit/testing';

/** One line about a case: its largest deviation, measured by what is allowed, and what had to be equal and was not. */
export function report(result: CaseResult): {ok: boolean; text: string} {
  const ok = passed(result);
  const largest = worst(result);
  const deviation = largest
    ? `${largest.what} ${number(largest.value)} of ${number(largest.bound)} (${Math.round(strain(largest) * 100)} %)`
    : 'nothing compared';
  return {ok, text: [`${ok ? 'ok  ' : 'FAIL'} ${result.name}: ${deviation}`, ...result.mismatches].join('; ')};
}

const number = (value: number): string => value.toExponential(1);
