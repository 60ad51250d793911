/**
 * The {@code gpumf} command. Answers go to standard output, everything else to standard error; the
 * exit code is 0, 1 for a failure, or 2 for wrong usage.
 */
@NullMarked
package io.github.gpumf.cli;

import org.jspecify.annotations.NullMarked;
