package io.jenkins.plugins.vcftoken;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.stream.Stream;

@AnalyzeClasses(packages = "io.jenkins.plugins.vcftoken", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule THE_CORE_KNOWS_NO_JENKINS = noClasses()
            .that()
            .resideInAnyPackage("..oauth..", "..rotation..", "..lease..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("hudson..", "jenkins..", "com.cloudbees..", "org.jenkinsci..");

    /** Whatever agents could ask the controller to do would have to be proof against hostile agents. */
    @ArchTest
    static final ArchRule NOTHING_RUNS_ON_THE_CONTROLLER_AT_AN_AGENTS_WORD = noClasses()
            .should()
            .dependOnClassesThat()
            .haveNameMatching("jenkins\\.(security\\.SlaveToMasterCallable|SlaveToMasterFileCallable)"
                    + "|jenkins\\.agents\\.ControllerToAgent.*|jenkins\\.security\\.NotReallyRoleSensitiveCallable"
                    + "|hudson\\.remoting\\.Callable|hudson\\.FilePath\\$FileCallable");

    /** What Jenkins encrypts and hashes with is for Jenkins to choose, by its FIPS mode for example. */
    @ArchTest
    static final ArchRule NO_CRYPTOGRAPHY_OF_ITS_OWN = noClasses()
            .should()
            .dependOnClassesThat()
            .haveNameMatching("javax\\.crypto\\..*"
                    + "|java\\.security\\.(MessageDigest|Signature|SecureRandom|KeyPairGenerator|KeyFactory)"
                    + "|java\\.util\\.Random|org\\.bouncycastle\\..*");

    /** From the wire upwards. */
    private static final List<String> PACKAGES = Stream.of(
                    ".oauth", ".rotation", ".lease", ".store", "", ".credentials", ".kubernetes", ".binding", ".health")
            .map(name -> "io.jenkins.plugins.vcftoken" + name)
            .toList();

    @ArchTest
    static void noPackageDependsOnOneAboveIt(JavaClasses classes) {
        assertThat(classes).extracting(JavaClass::getPackageName).containsOnly(PACKAGES.toArray(String[]::new));
        for (int i = 0; i < PACKAGES.size() - 1; i++) {
            noClasses()
                    .that()
                    .resideInAPackage(PACKAGES.get(i))
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(PACKAGES.subList(i + 1, PACKAGES.size()).toArray(String[]::new))
                    .check(classes);
        }
    }
}
