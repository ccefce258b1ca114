package io.jenkins.plugins.vcftoken.exchange;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import okhttp3.HttpUrl;

/** What was found out about each host, so that only the first request to it has to try. Lost at restart, which is fine. */
final class HostFacts {

    private final Set<String> behindTm = ConcurrentHashMap.newKeySet();
    private final Map<String, Boolean> apiBehindTm = new ConcurrentHashMap<>();
    private final Map<String, String> apiVersions = new ConcurrentHashMap<>();

    /** Whether VCF Automation answers there under {@code /tm} alone. */
    boolean isBehindTm(HttpUrl url) {
        return behindTm.contains(host(url));
    }

    void setBehindTm(HttpUrl url, boolean is) {
        if (is) {
            behindTm.add(host(url));
        } else {
            behindTm.remove(host(url));
        }
    }

    /** The same of its cloud API, which is elsewhere on some; as the tokens are until it is known. */
    boolean isApiBehindTm(HttpUrl url) {
        Boolean known = apiBehindTm.get(host(url));
        return known == null ? isBehindTm(url) : known;
    }

    void setApiBehindTm(HttpUrl url, boolean is) {
        apiBehindTm.put(host(url), is);
    }

    /** The version of VCF Automation's cloud API that was accepted last. */
    @CheckForNull
    String apiVersion(HttpUrl url) {
        return apiVersions.get(host(url));
    }

    void setApiVersion(HttpUrl url, String version) {
        apiVersions.put(host(url), version);
    }

    private static String host(HttpUrl url) {
        return url.host() + ':' + url.port();
    }
}
