package io.github.gpumf.backend.vector;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A few threads that do many short loops together, the caller among them. A batch is a handful of
 * loops of some microseconds each, so members that wait spin for a while, and then give way, before
 * they sleep: a pool that hands over tasks through a queue would take as long as the work.
 *
 * <p>A loop is cut into chunks, and the chunks into a range for each member. A member begins with
 * its own, and then helps others with theirs: {@linkplain #run at once}, or {@linkplain #runAtHome
 * late}. Which member does which chunk must not matter to the result. A loop of one chunk runs on
 * the caller alone.
 */
final class Team implements AutoCloseable {
  /** Some ten microseconds, about the gap between two loops of a batch. */
  private static final int SPINS = 1_000;

  /**
   * How long a member then gives way to others before it sleeps. On a virtual machine of two
   * processors members who slept in every step, while one thread ended a loop alone, made two
   * threads half as fast as one.
   */
  private static final long PATIENCE_NANOS = 1_000_000;

  private final Member[] members;

  /** What to do now; the members look at it while they spin. */
  private volatile @Nullable Loop current;

  private volatile boolean closed;

  /** The body of a loop. */
  @FunctionalInterface
  interface Body {
    /** Does the indices {@code from} to {@code to - 1}; {@code member} is in 0..size-1. */
    void run(int from, int to, int member);
  }

  Team(int size) {
    members = new Member[size - 1];
    for (int index = 0; index < members.length; index++) {
      members[index] = new Member(index + 1);
    }
    try {
      for (Member member : members) {
        member.start();
      }
    } catch (OutOfMemoryError noMoreThreads) {
      close();
      throw noMoreThreads;
    }
  }

  /** Members, the caller included. */
  int size() {
    return members.length + 1;
  }

  /** Runs the body for all indices from 0 to {@code count - 1} and returns when all are done. */
  void run(int count, int chunk, Body body) {
    run(count, chunk, true, body);
  }

  /**
   * The same for loops over data that stays at its members' processors from one loop to the next:
   * who is ready helps only if it has waited for long, so that a member must have been stopped. A
   * chunk that another member does moves its data between the caches of two processors, and back in
   * the next loop; where those are far apart, Adam's batches took twice as long for it.
   */
  void runAtHome(int count, int chunk, Body body) {
    run(count, chunk, false, body);
  }

  private void run(int count, int chunk, boolean helpsAtOnce, Body body) {
    if (members.length == 0 || count <= chunk) {
      if (count > 0) {
        body.run(0, count, 0);
      }
      return;
    }
    Loop loop = new Loop(size(), count, chunk, helpsAtOnce, body);
    current = loop;
    for (Member member : members) {
      if (member.asleep) {
        LockSupport.unpark(member);
      }
    }
    loop.workAtHome(0);
    if (helpsAtOnce) {
      loop.help(0);
    }
    loop.await(0);
  }

  /** Does a task for each index from 0 to {@code count - 1} and returns when all are done. */
  void forEach(int count, IntConsumer task) {
    run(
        count,
        1,
        (from, to, member) -> {
          for (int index = from; index < to; index++) {
            task.accept(index);
          }
        });
  }

  @Override
  public void close() {
    closed = true;
    boolean interrupted = false;
    for (Member member : members) {
      LockSupport.unpark(member);
      while (member.isAlive()) {
        try {
          member.join();
        } catch (InterruptedException whileWaiting) {
          interrupted = true; // The memory must not go before the members do.
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The indices of a loop, cut into as many ranges as there are members. */
  private static final class Loop {
    /** Longs from a counter to the next, two cache lines: processors fetch them in pairs. */
    private static final int APART = 16;

    private final int members;
    private final int count;
    private final int chunk;
    private final boolean helpsAtOnce;
    private final Body body;

    /** The next index of each range, and the indices that are done. */
    private final AtomicLongArray counters;

    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    Loop(int members, int count, int chunk, boolean helpsAtOnce, Body body) {
      this.members = members;
      this.count = count;
      this.chunk = chunk;
      this.helpsAtOnce = helpsAtOnce;
      this.body = body;
      counters = new AtomicLongArray((members + 1) * APART);
      for (int range = 0; range < members; range++) {
        counters.setPlain(range * APART, start(range));
      }
    }

    /** Where a range begins. */
    private long start(int range) {
      long chunks = ((long) count + chunk - 1) / chunk;
      return Math.min(count, range * chunks / members * chunk);
    }

    void workAtHome(int member) {
      counters.getAndAdd(members * APART, work(member, member));
    }

    /** Does what is left of the ranges of others. */
    void help(int member) {
      long mine = 0;
      for (int turn = 1; turn < members; turn++) {
        mine += work(member, (member + turn) % members);
      }
      counters.getAndAdd(members * APART, mine);
    }

    private long work(int member, int range) {
      long mine = 0;
      long end = start(range + 1);
      for (long from = counters.getAndAdd(range * APART, chunk);
          from < end;
          from = counters.getAndAdd(range * APART, chunk)) {
        long to = Math.min(end, from + chunk);
        try {
          body.run((int) from, (int) to, member);
        } catch (RuntimeException | Error failed) {
          failure.compareAndSet(null, failed);
        }
        mine += to - from;
      }
      return mine;
    }

    boolean isDone() {
      return counters.get(members * APART) == count;
    }

    @SuppressWarnings("ThreadPriorityCheck") // A hint; the loop is right without it.
    void await(int member) {
      long start = 0;
      for (int spin = 0; !isDone(); spin++) {
        if (spin < SPINS) {
          Thread.onSpinWait();
        } else {
          Thread.yield(); // Another thread needs this processor to finish its chunk.
          start = spin == SPINS ? System.nanoTime() : start;
          if (start > 0 && System.nanoTime() - start > PATIENCE_NANOS) {
            help(member);
            start = 0; // once
          }
        }
      }
      switch (failure.get()) {
        case null -> {}
        case RuntimeException failed -> throw failed;
        case Error failed -> throw failed;
        case Throwable impossible -> throw new AssertionError(impossible);
      }
    }
  }

  private final class Member extends Thread {
    private final int index;
    private volatile boolean asleep;

    Member(int index) {
      super("gpumf-vector-" + index);
      this.index = index;
      setDaemon(true);
    }

    @Override
    public void run() {
      Loop last = null;
      while (!closed) {
        Loop loop = awaitOther(last);
        if (loop != null) {
          loop.workAtHome(index);
          if (loop.helpsAtOnce) {
            loop.help(index);
          }
        }
        last = loop;
      }
    }

    /** Waits for another loop than the last one, or the end. */
    @SuppressWarnings("ThreadPriorityCheck") // A hint; the wait is right without it.
    private @Nullable Loop awaitOther(@Nullable Loop last) {
      long start = 0;
      for (int spin = 0; spin < SPINS || System.nanoTime() - start < PATIENCE_NANOS; spin++) {
        if (current != last || closed) {
          return current;
        }
        if (spin < SPINS) {
          Thread.onSpinWait();
          start = spin == SPINS - 1 ? System.nanoTime() : 0;
        } else {
          Thread.yield(); // Another thread may have work for this processor.
        }
      }
      if (last != null && !last.isDone()) {
        last.help(index);
      }
      asleep = true;
      while (current == last && !closed) {
        LockSupport.park(Team.this);
      }
      asleep = false;
      return current;
    }
  }
}
