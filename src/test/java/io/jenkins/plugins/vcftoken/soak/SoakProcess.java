package io.jenkins.plugins.vcftoken.soak;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.TokenClient;
import io.jenkins.plugins.vcftoken.exchange.Trust;
import io.jenkins.plugins.vcftoken.exchange.VcfaRefresh;
import io.jenkins.plugins.vcftoken.family.Families;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.FamilyRecord;
import io.jenkins.plugins.vcftoken.family.FamilyState;
import io.jenkins.plugins.vcftoken.family.Holder;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.family.TokenListener;
import io.jenkins.plugins.vcftoken.store.LedgerFiles;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import okhttp3.OkHttpClient;

/** One of several controllers on one home: {@code SoakProcess HOME URL THREADS ACCOUNTS}. Rotates until it is killed. */
final class SoakProcess {

    /** So long that an answer that came too late has no access token left when the token is sent once more. */
    private static final Duration CALL_TIMEOUT = Duration.ofSeconds(3);

    private SoakProcess() {}

    public static void main(String[] args) throws Exception {
        Path home = Path.of(args[0]);
        InstantSource clock = InstantSource.system();
        OkHttpClient http = Trust.trusting(new OkHttpClient(), Files.readString(home.resolve("ca.pem")));
        TokenClient client = new TokenClient(http, CALL_TIMEOUT, CALL_TIMEOUT, clock);
        VcfaRefresh service = new VcfaRefresh(client, new Endpoint(VcfaRefresh.SYSTEM, URI.create(args[1]), "acme"));
        Families families = new Families(
                new LedgerFiles(home.resolve("ledger"), Core.CIPHER),
                Core.HASH,
                Executors.newCachedThreadPool(),
                Executors.newSingleThreadExecutor(),
                clock,
                CALL_TIMEOUT.multipliedBy(2),
                new TokenListener() {
                    @Override
                    public void granted(Holder holder, FamilyRecord before, FamilyRecord after, Duration took) {
                        if (before.state() == FamilyState.UNKNOWN) {
                            System.out.println("HEALED " + holder.name());
                        }
                    }
                });
        int accounts = Integer.parseInt(args[3]);
        for (int i = 0; i < Integer.parseInt(args[2]); i++) {
            String id = "a" + i % accounts;
            new Thread(() -> rotate(families, service, id, new TokenFile(home.resolve(id)))).start();
        }
    }

    private static void rotate(Families families, VcfaRefresh service, String id, TokenFile store) {
        while (true) {
            try {
                String token = store.read();
                Holder holder = new Holder(id, new Place("system", id), token, service, store);
                FamilyException trouble = trouble(families, holder);
                if (trouble != null && trouble.getMessage().contains("authorize the account anew")) {
                    System.out.println("STUCK " + id + ' ' + token);
                }
                if (trouble != null) {
                    Thread.sleep(20);
                }
            } catch (Exception e) {
                System.out.println("ERROR " + e);
            }
        }
    }

    /** With a living bearer at hand, or without. */
    private static FamilyException trouble(Families families, Holder holder) throws InterruptedException {
        try {
            return families.await(holder, bearer -> false).trouble();
        } catch (FamilyException e) {
            return e;
        }
    }
}
