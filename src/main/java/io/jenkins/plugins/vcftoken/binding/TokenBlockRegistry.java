package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.ExtensionList;
import hudson.model.Computer;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.model.listeners.RunListener;
import hudson.slaves.ComputerListener;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import jenkins.util.Timer;

/** Open blocks of this controller. Closes blocks that are still open when their build is finalized. */
@Extension
public final class TokenBlockRegistry extends RunListener<Run<?, ?>> {

    private static final int SAVE_DELAY_SECONDS = 1;

    private final Set<TokenBlock> open = ConcurrentHashMap.newKeySet();
    private final Set<String> pendingSaves = ConcurrentHashMap.newKeySet();
    private final TokenMaskerCache maskers = new TokenMaskerCache();

    /**
     * Blocks of freestyle builds until the builds are finalized, because logs continue after their blocks are closed.
     * The key is the build, because its ID changes if the project is moved.
     */
    private final Map<Run<?, ?>, List<TokenBlock>> logMasking = new ConcurrentHashMap<>();

    static TokenBlockRegistry get() {
        return ExtensionList.lookupSingleton(TokenBlockRegistry.class);
    }

    TokenMaskerCache maskers() {
        return maskers;
    }

    void add(TokenBlock block) {
        open.add(block);
    }

    void remove(TokenBlock block) {
        open.remove(block);
    }

    /** Masks the tokens of a block in the whole log of its build. */
    void maskInLog(Run<?, ?> build, TokenBlock block) {
        logMasking.computeIfAbsent(build, same -> new CopyOnWriteArrayList<>()).add(block);
    }

    String maskLog(Run<?, ?> build, String text) {
        String result = text;
        for (TokenBlock block : logMasking.getOrDefault(build, List.of())) {
            result = block.masker().mask(result);
        }
        return result;
    }

    /** @return names of the variables of a freestyle build that contain a token */
    Set<String> secretVariables(Run<?, ?> build) {
        Set<String> names = new HashSet<>();
        logMasking.getOrDefault(build, List.of()).forEach(block -> names.addAll(block.secretVariables()));
        return names;
    }

    /** Saves a build after a delay, so that it is saved once if several of its blocks get a token at the same time. */
    void saveSoon(String run, Runnable save) {
        if (pendingSaves.add(run)) {
            Timer.get()
                    .schedule(
                            () -> {
                                pendingSaves.remove(run);
                                save.run();
                            },
                            SAVE_DELAY_SECONDS,
                            TimeUnit.SECONDS);
        }
    }

    /** Closes blocks that are open because the build was killed. */
    @Override
    public void onFinalized(@NonNull Run<?, ?> run) {
        logMasking.remove(run);
        for (TokenBlock block : open) {
            if (block.belongsTo(run)) {
                block.close();
            }
        }
        String id = run.getExternalizableId();
        TokenFileRegistry.get().deleteUnused(location -> location.run().equals(id) && !isOpen(location));
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

    /** Writes the files of open blocks, and deletes the files of builds that have ended, when a node reconnects. */
    @Extension
    public static final class NodeListener extends ComputerListener {

        @Override
        public void onOnline(Computer computer, TaskListener listener) {
            String node = computer.getName();
            TokenBlockRegistry blocks = get();
            for (TokenBlock block : blocks.open) {
                BlockTokenFiles files = block.files();
                if (files != null) {
                    files.rewriteNode(node);
                }
            }
            TokenFileRegistry.get().deleteUnused(location -> location.node().equals(node) && !blocks.isOpen(location));
        }
    }
}
