package io.github.gpumf.train;

import io.github.gpumf.backend.MemoryPlan;

/**
 * What a training would take.
 *
 * @param backend which one and why, one line
 * @param memory bytes by part, and how many there are
 */
public record TrainingPlan(String backend, MemoryPlan memory) {}
