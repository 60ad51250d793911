package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.TrainingJob;
import java.lang.foreign.Arena;

/**
 * A part of the columns in the steps of {@link BatchSteps}.
 *
 * @param number of the part, from 0
 * @param hasHalves whether the part is all columns, and they have halves
 * @param loops over its rows
 * @param update of its rows
 * @param userCopies by number, the users of the batch as they were before the step
 */
record BatchPart(
    int number,
    boolean hasHalves,
    BatchSide users,
    BatchSide items,
    RowLoops loops,
    RowUpdate update,
    PaddedTable userCopies) {

  /** A part of some tables. */
  static BatchPart of(TrainingJob job, Tables tables, int number, boolean everyRow, Arena arena) {
    Columns columns = tables.parts().get(number);
    Shaped.Shape shape = Shaped.Shape.ofRows(columns.users().factors.rowBytes());
    long step = job.start().step();
    int batchSize = BatchAhead.batchSize(job.batchSize(), job.ratings().size());
    return new BatchPart(
        number,
        tables.parts().size() == 1 && Columns.haveHalves(job.spec().factors()),
        new BatchSide(columns.users(), step, everyRow, arena),
        new BatchSide(columns.items(), step, everyRow, arena),
        Shaped.make(BatchRows.class, shape),
        RowUpdate.of(job.optimizer(), shape),
        PaddedTable.ofRows(
            Math.min(batchSize, columns.users().rows()), columns.users().factors.columns(), arena));
  }
}
