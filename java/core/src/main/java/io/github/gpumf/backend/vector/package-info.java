/**
 * The CPU backend on the Vector API ({@code jdk.incubator.vector}) and several threads. Only its
 * provider is touched before the incubator module is known to be there.
 */
@NullMarked
package io.github.gpumf.backend.vector;

import org.jspecify.annotations.NullMarked;
