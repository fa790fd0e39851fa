const pending = new Set<() => void>();

function undoAll(): void {
  for (const undo of pending) undo();
}

/**
 * Does `undo` when the result is disposed of, or where the process ends without unwinding: at a second Ctrl-C, or when
 * the reader of standard output is gone. `undo` must be synchronous; it is done once.
 */
export function atExit(undo: () => void): Disposable {
  if (pending.size === 0) process.once("exit", undoAll);
  pending.add(undo);
  return {
    [Symbol.dispose]: () => {
      if (!pending.delete(undo)) return;
      if (pending.size === 0) process.off("exit", undoAll);
      undo();
    },
  };
}
