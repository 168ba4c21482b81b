export async function trainDdpm(): Promise<void> {
  throw new Error('todo');
}
