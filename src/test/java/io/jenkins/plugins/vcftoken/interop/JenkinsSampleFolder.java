package io.jenkins.plugins.vcftoken.interop;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.hudson.plugins.folder.properties.FolderCredentialsProvider.FolderCredentialsProperty;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.domains.Domain;
import com.cloudbees.plugins.credentials.domains.DomainCredentials;
import hudson.FilePath;
import hudson.Launcher;
import hudson.model.ParameterDefinition;
import hudson.model.ParametersDefinitionProperty;
import hudson.model.Result;
import hudson.model.Run;
import hudson.model.StringParameterDefinition;
import hudson.model.TaskListener;
import hudson.model.queue.QueueTaskFuture;
import hudson.scm.NullSCM;
import hudson.scm.SCMDescriptor;
import hudson.scm.SCMRevisionState;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.credentials.AbstractVcfCredentials;
import io.jenkins.plugins.vcftoken.credentials.SddcManagerUser;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jenkinsci.plugins.workflow.cps.CpsScmFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.jvnet.hudson.test.JenkinsRule;

/**
 * A folder with its own simulator and credential, in which sample Jenkinsfiles run as Pipelines from source control.
 * Samples of different folders can run in parallel with the same credential ID.
 */
final class JenkinsSampleFolder implements AutoCloseable {

    private static final Path SAMPLES = Path.of("docs/examples");

    final Simulator simulator = Simulator.start();

    private final JenkinsRule jenkins;
    private final Folder folder;
    private final Map<String, String> files = new TreeMap<>();
    private final List<ParameterDefinition> variables = new ArrayList<>();

    JenkinsSampleFolder(JenkinsRule jenkins, String name) throws Exception {
        this.jenkins = jenkins;
        folder = jenkins.createProject(Folder.class, name);
        Path authority = Files.writeString(folder.getRootDir().toPath().resolve("ca.pem"), simulator.authorityPem());
        addVariable("CURL_CA_BUNDLE", authority.toString());
    }

    /** Adds the credential {@code vcfa} for a service account of an organization. */
    JenkinsSampleFolder withVcfa(String organization) throws IOException {
        return addCredential(new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                "vcfa",
                null,
                simulator.url().toString(),
                organization,
                Secret.fromString(simulator.addAccount("ci", organization))));
    }

    /** Adds the credential {@code sddc-manager}. */
    JenkinsSampleFolder withSddcManager() throws IOException {
        simulator.sddcManager().addUser("svc-jenkins", "Correct-Horse-Battery-Staple-1");
        SddcManagerUser user = new SddcManagerUser(
                CredentialsScope.GLOBAL, "sddc-manager", null, simulator.url().toString());
        user.setUsername("svc-jenkins");
        user.setPassword(Secret.fromString("Correct-Horse-Battery-Staple-1"));
        return addCredential(user);
    }

    private JenkinsSampleFolder addCredential(AbstractVcfCredentials credential) throws IOException {
        credential.setCaCertificates(simulator.authorityPem());
        folder.addProperty(new FolderCredentialsProperty(
                new DomainCredentials[] {new DomainCredentials(Domain.global(), List.of(credential))}));
        return this;
    }

    /** Adds a build parameter, which is an environment variable of the steps. */
    JenkinsSampleFolder addVariable(String name, Object value) {
        variables.add(new StringParameterDefinition(name, String.valueOf(value)));
        return this;
    }

    /** Adds a file that {@code checkout scm} copies to the workspace. */
    JenkinsSampleFolder addFile(String path, String content) {
        files.put(path, content);
        return this;
    }

    JenkinsSampleFolder addSampleFile(String name) throws IOException {
        return addFile(name, Files.readString(SAMPLES.resolve(name)));
    }

    QueueTaskFuture<WorkflowRun> start(String sample) throws Exception {
        return start(sample, Files.readString(SAMPLES.resolve(sample + ".Jenkinsfile")));
    }

    QueueTaskFuture<WorkflowRun> start(String name, String jenkinsfile) throws Exception {
        Map<String, String> checkedOut = new TreeMap<>(files);
        checkedOut.put("Jenkinsfile", jenkinsfile);
        WorkflowJob job = folder.createProject(WorkflowJob.class, name);
        job.addProperty(new ParametersDefinitionProperty(variables));
        job.setDefinition(new CpsScmFlowDefinition(new SampleScm(checkedOut), "Jenkinsfile"));
        return job.scheduleBuild2(0);
    }

    /** @return the log of the build, after a check that the home has no clear-text secret */
    String awaitSuccess(QueueTaskFuture<WorkflowRun> build) throws Exception {
        return await(build, Result.SUCCESS);
    }

    String awaitFailure(QueueTaskFuture<WorkflowRun> build) throws Exception {
        return await(build, Result.FAILURE);
    }

    private String await(QueueTaskFuture<WorkflowRun> build, Result expected) throws Exception {
        WorkflowRun run = jenkins.assertBuildStatus(expected, build);
        SecretSweep.assertNone(simulator, jenkins.jenkins.getRootDir().toPath());
        return JenkinsRule.getLog(run);
    }

    Path workspace(String sample) {
        WorkflowJob job = (WorkflowJob) folder.getItem(sample);
        return Path.of(jenkins.jenkins.getWorkspaceFor(job).getRemote());
    }

    @Override
    public void close() {
        simulator.close();
    }

    /** SCM with a fixed set of files. */
    private static final class SampleScm extends NullSCM {

        private final Map<String, String> files;

        SampleScm(Map<String, String> files) {
            this.files = files;
        }

        @Override
        public void checkout(
                Run<?, ?> build,
                Launcher launcher,
                FilePath workspace,
                TaskListener listener,
                File changelog,
                SCMRevisionState baseline)
                throws IOException, InterruptedException {
            for (Map.Entry<String, String> file : files.entrySet()) {
                workspace.child(file.getKey()).write(file.getValue(), StandardCharsets.UTF_8.name());
            }
            if (changelog != null) {
                createEmptyChangeLog(changelog, listener, "log");
            }
        }

        @Override
        public SCMDescriptor<?> getDescriptor() {
            return new SCMDescriptor<SampleScm>(SampleScm.class, null) {};
        }
    }
}
