package io.jenkins.plugins.vcftoken.binding;

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
public final class TokenBlockRegistry extends RunListener<Run<?, ?>> {

    private static final int SAVE_DELAY_SECONDS = 1;

    private final Set<TokenBlock> open = ConcurrentHashMap.newKeySet();
    private final Set<String> toBeSaved = ConcurrentHashMap.newKeySet();

    static TokenBlockRegistry get() {
        return ExtensionList.lookupSingleton(TokenBlockRegistry.class);
    }

    void add(TokenBlock block) {
        open.add(block);
    }

    void remove(TokenBlock block) {
        open.remove(block);
    }

    /** Once for all blocks of a build that learn of one access token. */
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
        for (TokenBlock block : open) {
            if (block.isOf(run)) {
                block.close();
            }
        }
        String id = run.getExternalizableId();
        sweep(note -> note.run().equals(id));
    }

    private void sweep(Predicate<TokenFileRecord> which) {
        TokenFileCleanup work = TokenFileCleanup.get();
        if (work.notes().mayExist()) {
            // A build is noted under a name that it may have lost since.
            work.submit(
                    TokenFileCleanup.CONTROLLER,
                    () -> work.notes()
                            .unused(note -> which.test(note) && !isOpen(note.location()))
                            .forEach(note -> work.submit(
                                    note.location().node(), () -> work.notes().tryToRemove(note))));
        }
    }

    private boolean isOpen(TokenFileLocation location) {
        for (TokenBlock block : open) {
            BlockTokenFiles files = block.files();
            if (files != null && files.locations().contains(location)) {
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
            TokenBlockRegistry blocks = TokenBlockRegistry.get();
            for (TokenBlock block : blocks.open) {
                BlockTokenFiles files = block.files();
                if (files != null) {
                    files.reconnected(node);
                }
            }
            blocks.sweep(note -> note.location().node().equals(node));
        }
    }
}
