/**
 * Optimizers and learning-rate schedules: plain records, validated when made. The arithmetic is
 * done by the backends; the records say which arithmetic, with its formula and source.
 */
@NullMarked
package io.github.gpumf.optim;

import org.jspecify.annotations.NullMarked;
