package io.github.gpumf.backend.vector;

import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.AdaGrad.Accumulator;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;

/** How a {@link RatingKernel} moves rows: an optimizer without its numbers. */
enum RatingRule {
  SGD,
  ADAGRAD_BY_ROW,
  ADAGRAD_BY_ELEMENT,
  LAZY_ADAM;

  static RatingRule of(Optimizer optimizer) {
    return switch (optimizer) {
      case Sgd sgd -> SGD;
      case AdaGrad adaGrad ->
          adaGrad.accumulator() == Accumulator.ROW ? ADAGRAD_BY_ROW : ADAGRAD_BY_ELEMENT;
      case LazyAdam lazyAdam -> LAZY_ADAM;
      case Adam adam -> throw new IllegalArgumentException("Adam has an update per batch");
    };
  }
}
