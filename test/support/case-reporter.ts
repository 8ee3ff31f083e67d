import type { Reporter, TestCase } from 'vitest/node';

/** Says of a file of cases how many passed and which did not. A case that is an exception on purpose did not pass. */
export default class CaseReporter implements Reporter {
  #passed = 0;
  readonly #failed: string[] = [];
  #skipped = 0;

  onTestCaseResult(test: TestCase): void {
    const { state, errors } = test.result();
    const { exception } = test.meta() as { exception?: string };
    if (state === 'skipped') this.#skipped += 1;
    else if (state === 'passed' && exception === undefined) this.#passed += 1;
    else if (state === 'passed') this.#failed.push(`${test.name}: an exception; ${exception}`);
    else this.#failed.push(`${test.name}: ${errors?.map(({ message }) => message).join('; ')}`);
  }

  onTestRunEnd(_modules: unknown, errors: readonly { message: string }[]): void {
    for (const line of this.#failed) console.log(`failed  ${line}`);
    for (const { message } of errors) console.log(`error   ${message}`);
    const skipped = this.#skipped > 0 ? `, ${this.#skipped} skipped` : '';
    console.log(`${this.#passed} passed, ${this.#failed.length} failed${skipped}`);
  }
}
