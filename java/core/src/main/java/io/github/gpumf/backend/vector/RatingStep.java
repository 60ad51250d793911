package io.github.gpumf.backend.vector;

/**
 * The numbers of a {@link RatingKernel} that are the same for all ratings of a round. With e =
 * prediction - rating and the rating's weight a, the gradients of {@code a e^2 + lambda (|p|^2 +
 * |q|^2) + lambda_b (b_u^2 + b_i^2)} are
 *
 * <pre>{@code
 * p: 2 a e q + 2 lambda p      b_u: 2 a e + 2 lambda_b b_u
 * q: 2 a e p + 2 lambda q      b_i: 2 a e + 2 lambda_b b_i
 * }</pre>
 *
 * @param offset what is added to every prediction
 * @param rate the learning rate; Adam's with the correction of both moments
 * @param shrinkage 2 lambda
 * @param biasShrinkage 2 lambda_b
 * @param weight1 LazyAdam's 1 - beta1
 * @param weight2 LazyAdam's 1 - beta2
 * @param epsilon the optimizer's
 * @param columns k
 * @param together ratings of a call where a kernel is a loop over ratings, at least 1; a kernel of
 *     groups has a call for each group's phase
 */
record RatingStep(
    float offset,
    float rate,
    float shrinkage,
    float biasShrinkage,
    float weight1,
    float weight2,
    float epsilon,
    int columns,
    int together) {}
