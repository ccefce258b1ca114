package io.jenkins.plugins.vcftoken.pipeline;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.TaskListener;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.Tenant;
import java.io.Serial;
import java.io.Serializable;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;

/**
 * What a block in progress knows: shared by its execution, environment and masks, and saved with the build. Bearers
 * are {@link Secret}s here because those are what Pipeline encrypts when it saves.
 */
final class OpenBlock implements Tenant, Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private final String tokenVariable;
    private final String urlVariable;
    private final String url;
    private final String charset;

    /** Every bearer that this block may have shown to somebody, oldest first. */
    private final List<Secret> issued = new CopyOnWriteArrayList<>();

    private transient volatile Lease lease;
    private transient volatile TaskListener listener;
    private transient volatile boolean closed;
    private transient volatile BearerPattern pattern;

    OpenBlock(String tokenVariable, String urlVariable, String url, String charset) {
        this.tokenVariable = tokenVariable;
        this.urlVariable = urlVariable;
        this.url = url;
        this.charset = charset;
    }

    String tokenVariable() {
        return tokenVariable;
    }

    String urlVariable() {
        return urlVariable;
    }

    String url() {
        return url;
    }

    String charset() {
        return charset;
    }

    /** From memory. Right after a restart, before there is a lease again, the last one that was saved; or null. */
    @CheckForNull
    String token() {
        Lease held = lease;
        if (held != null) {
            return held.bearer().value();
        }
        return issued.isEmpty() ? null : issued.get(issued.size() - 1).getPlainText();
    }

    /** Matches every bearer of this block in each form in which one gets into a log. */
    Pattern pattern() {
        BearerPattern known = pattern;
        List<Secret> now = issued;
        if (known == null || known.count() != now.size()) {
            known = BearerPattern.of(now);
            pattern = known;
        }
        return known.pattern();
    }

    void reportTo(TaskListener listener) {
        this.listener = listener;
    }

    void hold(Lease opened) {
        lease = opened;
        if (closed) {
            opened.close();
        }
    }

    void close() {
        closed = true;
        Lease held = lease;
        if (held != null) {
            held.close();
        }
    }

    @Override
    public void expect(Bearer bearer) {
        if (issued.stream().noneMatch(known -> known.getPlainText().equals(bearer.value()))) {
            issued.add(Secret.fromString(bearer.value()));
        }
    }

    @Override
    public void warn(String message) {
        TaskListener log = listener;
        if (log != null) {
            log.getLogger().println("[vcf-token] " + message);
        }
    }
}
