/**
 * The comparison of GpuMf with its peers, {@code bench/run}: {@link
 * io.github.gpumf.bench.peers.PeerRun} conducts, {@link io.github.gpumf.bench.peers.Contest} lets
 * processes take turns, {@link io.github.gpumf.bench.peers.Turns} is the other end of that in each
 * process. {@code Turns} and {@link io.github.gpumf.bench.peers.RatingColumns} use nothing but the
 * JDK, since processes of peers load them beside libraries of their own.
 */
@NullMarked
package io.github.gpumf.bench.peers;

import org.jspecify.annotations.NullMarked;
