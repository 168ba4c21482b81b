/** What a classifier says of itself. */
export interface ClassifierInfo {
  /** By which recipes name it. */
  readonly name: string;
  readonly labels: readonly string[];
  readonly licence: string;
  readonly attribution: string;
  /** sha-256 of its files. */
  readonly hash: string;
}
