"""Programs of our own for the CPU: written as LLVM's instructions, compiled here, called by XLA."""
