/** Whether compliance tasks of a type are written on both sides, as it stands now: asked for each task, never kept. */
export interface DualWriteSwitch {
  /** Throws TARGET_UNAVAILABLE where nobody can tell. */
  isOn(taskType: string): Promise<boolean>;
}
