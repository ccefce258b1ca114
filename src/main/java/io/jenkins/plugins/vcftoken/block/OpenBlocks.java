package io.jenkins.plugins.vcftoken.block;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.ExtensionList;
import hudson.model.Computer;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.model.listeners.RunListener;
import hudson.slaves.ComputerListener;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import jenkins.util.Timer;

/** The blocks in progress on this controller. A build that ends in whatever way ends its blocks. */
@Extension
public final class OpenBlocks extends RunListener<Run<?, ?>> {

    private static final int SAVE_DELAY_SECONDS = 1;

    private final Set<OpenBlock> open = ConcurrentHashMap.newKeySet();
    private final Set<String> toBeSaved = ConcurrentHashMap.newKeySet();

    static OpenBlocks get() {
        return ExtensionList.lookupSingleton(OpenBlocks.class);
    }

    void add(OpenBlock block) {
        open.add(block);
    }

    void remove(OpenBlock block) {
        open.remove(block);
    }

    /** Once for all blocks of a build that learn of one bearer. */
    void saveSoon(String run, Runnable save) {
        if (toBeSaved.add(run)) {
            Timer.get()
                    .schedule(
                            () -> {
                                toBeSaved.remove(run);
                                save.run();
                            },
                            SAVE_DELAY_SECONDS,
                            TimeUnit.SECONDS);
        }
    }

    /** After "kill" nothing else closes the blocks. */
    @Override
    public void onFinalized(@NonNull Run<?, ?> run) {
        for (OpenBlock block : open) {
            if (block.isOf(run)) {
                block.close();
            }
        }
        String id = run.getExternalizableId();
        sweep(note -> note.run().equals(id));
    }

    private void sweep(Predicate<TokenFileNote> which) {
        TokenFileWork work = TokenFileWork.get();
        if (work.notes().mayExist()) {
            // A build is noted under a name that it may have lost since.
            work.submit(
                    TokenFileWork.CONTROLLER,
                    () -> work.notes()
                            .unused(note -> which.test(note) && !isOpen(note.place()))
                            .forEach(note -> work.submit(
                                    note.place().node(), () -> work.notes().tryToRemove(note))));
        }
    }

    private boolean isOpen(TokenPlace place) {
        for (OpenBlock block : open) {
            TokenFiles files = block.files();
            if (files != null && files.places().contains(place)) {
                return true;
            }
        }
        return false;
    }

    /** A node that is back gets what its steps need, and loses what is left of builds that ended in the meantime. */
    @Extension
    public static final class NodeIsBack extends ComputerListener {

        @Override
        public void onOnline(Computer computer, TaskListener listener) {
            String node = computer.getName();
            OpenBlocks blocks = OpenBlocks.get();
            for (OpenBlock block : blocks.open) {
                TokenFiles files = block.files();
                if (files != null) {
                    files.reconnected(node);
                }
            }
            blocks.sweep(note -> note.place().node().equals(node));
        }
    }
}
